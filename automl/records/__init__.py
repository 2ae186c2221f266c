"""What is known of a study on this machine: written once, read by everything else."""
