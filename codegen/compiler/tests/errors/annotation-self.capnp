@0xc1a3b5a1a1c00072;
annotation a(annotation) :Void $a;
