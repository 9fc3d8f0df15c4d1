"""What host-check says, and every write of the files asks: is something wrong in them?"""
