"""BadHMP: poisoned windows for motion prediction."""
