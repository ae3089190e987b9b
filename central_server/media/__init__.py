"""Pictures and sound of a class: who may publish and play them, and the relay that passes them on."""
