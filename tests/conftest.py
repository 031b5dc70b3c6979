"""One thread per process: the networks are small, and the tests run side by side."""

import torch

torch.set_num_threads(1)
