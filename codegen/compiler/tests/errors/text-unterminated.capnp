@0xc1a3b5a1a1c00007;
const t :Text = "abc;
const u :Text = "x";
