"""Transformer encoders: fine-tuned, frozen, contrastive. Imported only where a configuration names one."""
