@0xc1a3b5a1a1c00055;
interface I extends(J) {}
interface J extends(I) {}
