@0xc1a3b5a1a1c00014;
const n :Int32 = +5;
