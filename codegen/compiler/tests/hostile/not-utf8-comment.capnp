@0xd1a3b5a1a1c00012; # ÿþ not utf-8 in a comment
struct S {} # Ã
const t :Text = "ÿ";
annotation a(*) :Text; struct T $a("€") { # €
}