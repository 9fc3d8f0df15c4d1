"""libvirt XML to and from the model; the only place that knows lxml."""
