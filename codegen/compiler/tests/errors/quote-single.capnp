@0xc1a3b5a1a1c00018;
const t :Text = 'x';
