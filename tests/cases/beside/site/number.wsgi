application = 7
