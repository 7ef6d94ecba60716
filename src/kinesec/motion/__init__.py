"""A body and how it moves: skeletons, recordings, kinematics; pure geometry, no torch at import."""
