@0xc1a3b5a1a1c0006b;
const a :Int32;
