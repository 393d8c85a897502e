@0xc1a3b5a1a1c00050;
using A = import other;
