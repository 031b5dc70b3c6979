"""The grid tasks, one file each: batched dynamics on tensors, small enough to tabulate and to draw."""
