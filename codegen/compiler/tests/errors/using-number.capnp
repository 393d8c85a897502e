@0xc1a3b5a1a1c0004e;
using A = 5;
