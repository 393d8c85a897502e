@0xc1a3b5a1a1c00051;
using A = import "import-self-member.capnp".Nope;
