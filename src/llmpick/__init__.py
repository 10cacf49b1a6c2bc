"""llmpick: which base model should I fine-tune, and how?"""
