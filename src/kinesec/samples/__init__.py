"""What models see of motions: windows and clips, and what attacks made of them."""
