@0xc1a3b5a1a1c00073;
annotation a(annotation) :Void $b;
annotation b(annotation) :Void $a;
