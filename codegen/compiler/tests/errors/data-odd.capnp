@0xc1a3b5a1a1c0000a;
const d :Data = 0x"012";
