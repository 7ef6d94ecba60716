"""One kind of store a module; its constant has the module's name in capitals."""
