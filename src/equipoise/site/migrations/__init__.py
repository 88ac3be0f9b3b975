"""Tables of accounts. The trial's log never migrates."""
