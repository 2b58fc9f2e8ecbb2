"""What a person sees. The only wing that imports IPython or ipywidgets."""
