@0xc1a3b5a1a1c0000b;
const d :Data = 0x"";
