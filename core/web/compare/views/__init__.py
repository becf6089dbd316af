"""The views of the page Compare, one module each; ``core.web.compare.view_list`` lists them."""
