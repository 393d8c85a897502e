@0xc1a3b5a1a1c00054;
interface I extends(I) {}
