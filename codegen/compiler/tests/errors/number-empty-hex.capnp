@0xc1a3b5a1a1c00010;
const n :Int32 = 0x;
