"""What an administrator needs: checks of the configuration, the doctor, backup and restore."""
