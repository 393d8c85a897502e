@0xc1a3b5a1a1c0000e;
const n :Int32 = 12ab;
