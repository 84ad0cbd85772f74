"""One page about runs, to hand over: an HTML file that needs no network and no server."""
