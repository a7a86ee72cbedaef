"""What ML engineers know: how weights, CUDA and logs show in what was read."""
