@0xc1a3b5a1a1c00009;
const t :Text = "\x4";
