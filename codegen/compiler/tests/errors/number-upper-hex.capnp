@0xc1a3b5a1a1c0000f;
const n :Int32 = 0X1F;
