"""What is installed and started on this machine: packages, the embedded ComfyUI, its process."""
