"""The commands, a file for each; `aigini.commands.registry` lists them."""
