"""What one training step costs beside a bare frozen forward and backward of the same model and images."""
