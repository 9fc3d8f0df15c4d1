"""What libvirt's interface calls do: interfaces up and down, and changes taken back."""
