@0xc1a3b5a1a1c0000c;
const d :Data = 0x"0g";
