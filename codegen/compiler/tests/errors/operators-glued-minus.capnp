@0xc1a3b5a1a1c00016;
const a :Int32 =-1;
