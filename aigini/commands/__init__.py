"""The commands: a configuration in, a typed result out, from Python and from the command line."""
