"""Where the guidance comes from. Each constant is one document; its comment says what that document supports."""

from __future__ import annotations

# "We see improvements from fine-tuning on 50-100 examples"; "start with 50 well-crafted demonstrations";
# "Only invest in fine-tuning after setting up evals".
OPENAI_SFT = "https://developers.openai.com/docs/guides/distillation"
# Prompt engineering first; retrieval for context the model lacks; fine-tuning for format, style, tone.
MICROSOFT_STRATEGIES = (
    "https://learn.microsoft.com/en-gb/training/modules/optimize-generative-ai-model-performance"
    "/5-compare-combine-strategies"
)
# Fine-tune when the model keeps missing the style, tone or format despite detailed prompts and examples.
MICROSOFT_BEHAVIOR = (
    "https://learn.microsoft.com/en-gb/training/modules/optimize-generative-ai-model-performance/4-fine-tune-model"
)
# Tuning saves prompt tokens and latency, "particularly when using smaller models"; trains on more than fits a prompt.
AZURE_TUNING = "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/fine-tuning"
# "SFT ... should only be pursued when prompting existing models proves insufficient."
HF_COURSE_SFT = "https://huggingface.co/learn/nlp-course/chapter11/3"
# Retrieval "consistently outperforms" fine-tuning for knowledge; models struggle to learn new facts by tuning.
FACTS_OVADIA = "https://arxiv.org/abs/2312.05934"
# 16 classification datasets: tuned small models can still outperform few-shot prompts to larger ones.
CLASSIFICATION_STUDY = "https://arxiv.org/abs/2403.17661"
# 8 labeled examples per class competitive with RoBERTa-large tuned on 3,000 (Customer Reviews).
SETFIT = "https://huggingface.co/docs/setfit"
# 1,000 carefully curated prompts and answers gave strong results.
LIMA = "https://arxiv.org/abs/2305.11206"
# A compact encoder that tags any entity type, zero-shot, better than ChatGPT in the authors' tests.
GLINER = "https://arxiv.org/abs/2311.08526"
# "The recommended number of tagged instances per entity is 50."
AZURE_NER = "https://learn.microsoft.com/en-us/azure/ai-services/language-service/custom-named-entity-recognition/faq"
# BM25 is a robust baseline; dense retrievers often underperform others outside their training data.
BEIR = "https://arxiv.org/abs/2104.08663"
# Tuned on questions a model wrote for the user's own documents: over 10 % better Recall@10 and NDCG@10.
NVIDIA_EMBEDDING = "https://huggingface.co/blog/nvidia/domain-specific-embedding-finetune"
# A worked run on 7,000 question-passage pairs from one annual report.
SCHMID_EMBEDDING = "https://www.philschmid.de/fine-tune-embedding-model-for-rag"
SCHMID_PAIRS = "https://huggingface.co/datasets/philschmid/finanical-rag-embedding-dataset"
# Eight examples prompt a large model to write the training questions for a retriever.
PROMPTAGATOR = "https://arxiv.org/abs/2209.11755"
# Encoders are compared after tuning on 1,024 examples, chosen by 256, judged by 2,048.
EUROEVAL = "https://euroeval.com/datasets/danish"
