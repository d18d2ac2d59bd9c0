"""Where private keys are when no file holds them, one file for each kind; see ``keyring.SOURCES``."""
