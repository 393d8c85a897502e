@0xc1a3b5a1a1c0000d;
const n :Int32 = 09;
