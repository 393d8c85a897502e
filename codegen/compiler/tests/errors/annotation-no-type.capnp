@0xc1a3b5a1a1c00071;
annotation a(*);
