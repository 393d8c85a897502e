@0xc1a3b5a1a1c0006c;
const a = 5;
