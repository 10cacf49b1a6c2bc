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
# 7,000 question-passage pairs from one annual report (6,300 to train): nDCG@10 from 0.768 to 0.825 in 4 epochs and 3
# minutes on a 24 GB card; 2e-5, cosine, 10 % warm-up.
SCHMID_EMBEDDING = (
    "https://github.com/philschmid/deep-learning-pytorch-huggingface/blob/1a64f5e44e78df24319ae7b7995b2495d943753c"
    "/training/fine-tune-embedding-model-for-rag.ipynb"
)
SCHMID_PAIRS = "https://huggingface.co/datasets/philschmid/finanical-rag-embedding-dataset"
# Eight examples prompt a large model to write the training questions for a retriever.
PROMPTAGATOR = "https://arxiv.org/abs/2209.11755"
# Encoders are compared after tuning on 1,024 examples, chosen by 256, judged by 2,048.
EUROEVAL = "https://euroeval.com/datasets/danish"
# Second-phase pre-training on domain text improves tasks with many and with few labels (four domains, eight tasks).
DAPT = "https://arxiv.org/abs/2004.10964"
# Direct Preference Optimization, and the format and defaults of its trainer.
DPO = "https://arxiv.org/abs/2305.18290"
TRL_DPO = "https://huggingface.co/docs/trl/dpo_trainer"
# "KTO does not need preferences - only a binary signal"; matches preference methods from 1B to 30B.
KTO = "https://arxiv.org/abs/2402.01306"
# Reinforcement with verifiable rewards after supervised and preference tuning lifts what is verified; over-optimization
# and a lower average happen too.
TULU_3 = "https://arxiv.org/abs/2411.15124"
# A programmable grader scores every answer; "requires expert graders to agree".
OPENAI_RFT = "https://developers.openai.com/api/docs/guides/reinforcement-fine-tuning"
# Multi-task training regularizes and helps new tasks and domains.
MTDNN = "https://arxiv.org/abs/1901.11504"
# Training on a related, data-rich task first helps most where labels are few, and steadies the runs.
STILTS = "https://arxiv.org/abs/1811.01088"
# A 770M student trained on a large model's answers and reasons beat a prompted 540B model on one benchmark.
DISTILLING = "https://arxiv.org/abs/2305.02301"
# One pass over 100,000 triplets at 2e-5, 10 % warm-up.
SBERT_TRAINING = "https://sbert.net/docs/sentence_transformer/training_overview.html"
# In-batch negatives: the loss for (question, passage) pairs, and why larger batches help.
MNRL = "https://sbert.net/docs/package_reference/sentence_transformer/losses.html#multiplenegativesrankingloss"

# Label errors: 3.3 % on average in ten much-used test sets, enough to change rankings.
LABEL_ERRORS = "https://arxiv.org/abs/2103.14749"
# Near-duplicates leak from training into test sets and are memorized.
DEDUPLICATE = "https://arxiv.org/abs/2107.06499"
# Folds whose groups (customers, documents) never overlap.
GROUP_FOLDS = "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.GroupKFold.html"

_CARDS = "https://github.com/huggingface/evaluate/blob"
# Accuracy is inflated on imbalanced classes; balanced accuracy and macro averages are not.
BALANCED = "https://scikit-learn.org/stable/modules/model_evaluation.html#balanced-accuracy-score"
F1_CARD = f"{_CARDS}/00f2e233eb0b5d46c12fceb4abac132824fa117a/metrics/f1/README.md"
SEQEVAL_CARD = f"{_CARDS}/27d182151c9863bc444aeef03eb3326bced7f1f3/metrics/seqeval/README.md"
SQUAD_CARD = f"{_CARDS}/2ff8d75f58443299d70b74446f053cea7a126a73/metrics/squad/README.md"
ROUGE_CARD = f"{_CARDS}/0b7ed95aa016adb4d099bd7fe3d1a933d71cd1af/metrics/rouge/README.md"
CHRF_CARD = f"{_CARDS}/55527e3f60cecda711e38e99d1237f6dbddd4689/metrics/chrf/README.md"
COMET_CARD = f"{_CARDS}/05209eced8cefc553677b6b417025f7c9678e4e9/metrics/comet/README.md"
CODE_EVAL_CARD = f"{_CARDS}/05209eced8cefc553677b6b417025f7c9678e4e9/metrics/code_eval/README.md"
EXACT_MATCH_CARD = f"{_CARDS}/10ee2663d548385fef66e36604d08e1bcfbd7bbf/metrics/exact_match/README.md"
# Retrieval is compared by nDCG@10, similarity by Spearman correlation of the cosines.
MTEB = "https://arxiv.org/abs/2210.07316"
# Abstractive summaries state things the text does not; overlap scores do not notice.
FAITHFULNESS = "https://arxiv.org/abs/2005.00661"
# Strong models judge as people do in over 80 % of cases, with biases of position, length and self.
LLM_JUDGE = "https://arxiv.org/abs/2306.05685"
# Execution on several generated databases tells wrong queries from right ones.
TEST_SUITES = "https://arxiv.org/abs/2010.02840"
BFCL = "https://proceedings.mlr.press/v267/patil25a.html"
# The answer is the number after the reasoning.
GSM8K = "https://arxiv.org/abs/2110.14168"
# Linear models over TF-IDF classify documents in seconds.
SPARSE_TEXT = "https://scikit-learn.org/stable/auto_examples/text/plot_document_classification_20newsgroups.html"
# The first three sentences: the baseline every news summarizer is held against.
LEAD_3 = "https://huggingface.co/learn/nlp-course/chapter7/5"

# Hyperparameters.
# "Use small learning rates with bias correction ... increase the number of iterations considerably": 2e-5, 20 epochs,
# 10 % warm-up, linear decay.
MOSBACH = "https://arxiv.org/abs/2006.04884"
# Batches of 16 or 32, 5e-5 to 2e-5, 2 to 4 epochs; large sets care little; large BERT needs restarts on small ones.
BERT = "https://arxiv.org/abs/1810.04805"
# 10 epochs with early stopping on the task's own metric, batches of 16 or 32, 1e-5 to 3e-5, five seeds.
ROBERTA = "https://arxiv.org/abs/1907.11692"
# Grids: large 5e-6 to 1e-5, base 1.5e-5 to 4e-5, weight decay 0.01.
DEBERTA = "https://arxiv.org/abs/2006.03654"
# Seeds alone move results; more trials and early stopping pay.
DODGE = "https://arxiv.org/abs/2002.06305"
# A fourth of the final layers reach 90 % of the quality.
ELSA = "https://arxiv.org/abs/1911.03090"
# T5 with AdamW: "typically, 1e-4 and 3e-4 work well for most problems".
T5_DOCS = "https://huggingface.co/docs/transformers/model_doc/t5"
# BART on CNN/DailyMail: 3e-5, weight decay 0.01.
BART_RECIPE = (
    "https://github.com/facebookresearch/fairseq/blob/0bdc1d96b8bb01aca6d44087eb923023ba5718d3"
    "/examples/bart/README.summarization.md"
)
# 52,000 examples: batch 128, 2e-5, 3 epochs.
ALPACA = "https://github.com/tatsu-lab/stanford_alpaca/blob/000109ff4d38027903b2a3d222f471ab5e96948b/README.md"
# 200,000 conversations, 1 epoch, cosine, 10 % warm-up: full 2e-5; QLoRA 2e-4, rank 16, alpha 16, dropout 0.05.
ZEPHYR_FULL = (
    "https://github.com/huggingface/alignment-handbook/blob/19f03455e1b7c0450db769f841ced8e650610c06"
    "/recipes/zephyr-7b-beta/sft/config_full.yaml"
)
ZEPHYR_QLORA = (
    "https://github.com/huggingface/alignment-handbook/blob/0213b5be27f9f60c2f64438244ff8e2fefcba9d0"
    "/recipes/zephyr-7b-beta/sft/config_qlora.yaml"
)
# NF4, double quantization, all linear layers, batch 16, 2e-4 up to 13B and 1e-4 above, gradient norm 0.3, paged AdamW;
# loss on the answer only (appendix B.3); rank does not matter once every layer has an adapter.
QLORA = "https://arxiv.org/abs/2305.14314"
# LoRA's best rate is 10 times that of full tuning (15 times in runs under about 100 steps), whatever the rank, with
# alpha 32; all layers; batches under 32 suit it; rank must hold what the data says.
LORA_REGRET = "https://thinkingmachines.ai/blog/lora/"
TRL_LORA = "https://huggingface.co/docs/trl/lora_without_regret"
# ParamWrapper: "does not work with lora_dropout != 0."
PEFT_EXPERTS = "https://github.com/huggingface/peft/blob/v0.21.2/src/peft/tuners/lora/layer.py"
PEFT_LORA = "https://huggingface.co/docs/peft/package_reference/lora"
# "Padding-free (also called packing) ... relies on a FlashAttention implementation."
PACKING = "https://huggingface.co/docs/transformers/en/padding_free"
TRL_KTO = "https://huggingface.co/docs/trl/kto_trainer"
# Defaults: 2e-5, batch 16, 1 epoch, warm-up 0.1, 20 pairs of each kind per example.
SETFIT_ARGUMENTS = "https://huggingface.co/docs/setfit/main/api/trainer"
SETFIT_PAIRS = "https://huggingface.co/docs/setfit/conceptual_guides/sampling_strategies"
T5_FP16 = "https://github.com/huggingface/transformers/issues/5651"
TRAINER = "https://huggingface.co/docs/transformers/main_classes/trainer"
CALLBACKS = "https://huggingface.co/docs/transformers/main_classes/callback"
# "Training will be ~20% slower ... but it reduces activation memory."
CHECKPOINTING = "https://huggingface.co/docs/transformers/grad_checkpointing"
MIXED_PRECISION = "https://huggingface.co/docs/transformers/mixed_precision_training"
BITSANDBYTES = "https://huggingface.co/docs/bitsandbytes/reference/optim/optim_overview"
FSDP = "https://huggingface.co/docs/transformers/fsdp"

# Vendors' own descriptions of a tuning job.
OPENAI_JOBS = "https://platform.openai.com/docs/api-reference/fine-tuning/create"
AZURE_JOBS = AZURE_TUNING
GOOGLE_JOBS = "https://docs.cloud.google.com/gemini-enterprise-agent-platform/reference/models/tuning"
# Nova: 1 to 5 epochs, 2 by default.
BEDROCK_JOBS = "https://docs.aws.amazon.com/bedrock/latest/userguide/cm-hp-nova-mm.html"
TOGETHER_JOBS = "https://docs.together.ai/reference/post-fine-tunes"
FIREWORKS_JOBS = "https://docs.fireworks.ai/api-reference/create-supervised-fine-tuning-job"
