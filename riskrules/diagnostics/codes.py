"""Every code there is, in order.  A severity belongs to the code, so that no caller can soften it.

RR1xx the reader · RR2xx what a policy file may say, and proofs about it · RR3xx the rulebook ·
RR4xx formula and units · RR5xx errors of a decision · RR6xx the snapshot · RR7xx import and
questions · RR9xx a bug of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    title: str
    severity: str


CODES: dict[str, Code] = {
    "RR101": Code("RR101", "the file is not UTF-8", ERROR),
    "RR102": Code("RR102", "a byte-order mark", ERROR),
    "RR103": Code("RR103", "the file is too large", ERROR),
    "RR104": Code("RR104", "nested too deep", ERROR),
    "RR105": Code("RR105", "not YAML", ERROR),
    "RR106": Code("RR106", "nothing in the file", ERROR),
    "RR107": Code("RR107", "the file is not a mapping", ERROR),
    "RR108": Code("RR108", "too many faults to list", ERROR),
    "RR110": Code("RR110", "a hidden line break", ERROR),
    "RR111": Code("RR111", "an invisible or reordering character", ERROR),
    "RR112": Code("RR112", "a control character", ERROR),
    "RR113": Code("RR113", "a tab", ERROR),
    "RR114": Code("RR114", "a carriage return", ERROR),
    "RR115": Code("RR115", "a space that is not a space", ERROR),
    "RR120": Code("RR120", "a key given twice", ERROR),
    "RR121": Code("RR121", "an anchor", ERROR),
    "RR122": Code("RR122", "an alias", ERROR),
    "RR123": Code("RR123", "a merge key", ERROR),
    "RR124": Code("RR124", "a tag", ERROR),
    "RR125": Code("RR125", "a directive", ERROR),
    "RR126": Code("RR126", "a document marker", ERROR),
    "RR127": Code("RR127", "a key that is not a plain name", ERROR),
    "RR128": Code("RR128", "nothing where a value is due", ERROR),
    "RR130": Code("RR130", "a word that other readers take for true or false", ERROR),
    "RR131": Code("RR131", "a number with an exponent", ERROR),
    "RR132": Code("RR132", "a number with a leading zero", ERROR),
    "RR133": Code("RR133", "a number in another base", ERROR),
    "RR134": Code("RR134", "a number with colons", ERROR),
    "RR135": Code("RR135", "a point without a digit on each side", ERROR),
    "RR136": Code("RR136", "a sign that is not a single minus", ERROR),
    "RR137": Code("RR137", "a number grouped by commas, quotes or spaces", ERROR),
    "RR138": Code("RR138", "digits not grouped in threes", ERROR),
    "RR139": Code("RR139", "not a number, or endless", ERROR),
    "RR140": Code("RR140", "a digit that is not 0 to 9", ERROR),
    "RR141": Code("RR141", "letters of several scripts in one word", ERROR),
    "RR142": Code("RR142", "a letter in disguise", ERROR),
    "RR143": Code("RR143", "text that is not in NFC", ERROR),
    "RR201": Code("RR201", "a file without a known kind", ERROR),
    "RR202": Code("RR202", "an unknown key", ERROR),
    "RR203": Code("RR203", "a maintenance rate that falls", ERROR),
    "RR204": Code("RR204", "caps that do not rise", ERROR),
    "RR205": Code("RR205", "a maintenance amount that makes the margin jump", ERROR),
    "RR206": Code("RR206", "a max leverage that does not fall", ERROR),
    "RR207": Code("RR207", "maintenance not below initial", ERROR),
    "RR208": Code("RR208", "max leverage times maintenance rate of 1 or more", ERROR),
    "RR209": Code("RR209", "a fresh position that is liquidatable at once", ERROR),
    "RR211": Code("RR211", "the wrong shape", ERROR),
    "RR212": Code("RR212", "not a number", ERROR),
    "RR213": Code("RR213", "a number out of range", ERROR),
    "RR214": Code("RR214", "a rate without its unit", ERROR),
    "RR215": Code("RR215", "not a time with an offset", ERROR),
    "RR216": Code("RR216", "not a duration", ERROR),
    "RR217": Code("RR217", "not a market name", ERROR),
    "RR218": Code("RR218", "not a name", ERROR),
    "RR219": Code("RR219", "not true or false", ERROR),
    "RR220": Code("RR220", "an empty text", ERROR),
    "RR221": Code("RR221", "an interval that ends before it begins", ERROR),
    "RR222": Code("RR222", "neither effective nor observed, or both", ERROR),
    "RR223": Code("RR223", "a contract that does not hang together", ERROR),
    "RR224": Code("RR224", "a comparison without exactly one side", ERROR),
    "RR225": Code("RR225", "choices that do not go together", ERROR),
    "RR226": Code("RR226", "a weight that makes collateral out of nothing", ERROR),
    "RR227": Code("RR227", "a venue's rules without a capture time", ERROR),
    "RR228": Code("RR228", "a key that is missing", ERROR),
    "RR229": Code("RR229", "a word that is not offered", ERROR),
    "RR230": Code("RR230", "an empty tier", WARNING),
    "RR232": Code("RR232", "a tier without a maintenance rate", ERROR),
    "RR233": Code("RR233", "a floor that leaves a gap or an overlap", ERROR),
    "RR301": Code("RR301", "a file in the wrong folder", ERROR),
    "RR302": Code("RR302", "a file name that disagrees with the file", ERROR),
    "RR303": Code("RR303", "two versions that begin at the same instant", ERROR),
    "RR304": Code("RR304", "a rulebook with a rule missing", ERROR),
    "RR305": Code("RR305", "an unknown tier form", ERROR),
    "RR306": Code("RR306", "a market without a contract", ERROR),
    "RR307": Code("RR307", "a formula that needs itself", ERROR),
    "RR308": Code("RR308", "a name that nothing gives", ERROR),
    "RR309": Code("RR309", "withdrawn without being in force", ERROR),
    "RR310": Code("RR310", "not the version that is in force", ERROR),
    "RR311": Code("RR311", "a rule that may have changed inside an observed interval", ERROR),
    "RR312": Code("RR312", "no version in force yet", ERROR),
    "RR313": Code("RR313", "no such rulebook", ERROR),
    "RR401": Code("RR401", "not an expression", ERROR),
    "RR402": Code("RR402", "not part of the formula language", ERROR),
    "RR403": Code("RR403", "a unit mistake", ERROR),
    "RR404": Code("RR404", "values of the wrong rows", ERROR),
    "RR405": Code("RR405", "a worked example that does not come out", ERROR),
    "RR501": Code("RR501", "a price is missing", ERROR),
    "RR502": Code("RR502", "an unknown market", ERROR),
    "RR503": Code("RR503", "a price is too old", ERROR),
    "RR504": Code("RR504", "above the last cap of the table", ERROR),
    "RR505": Code("RR505", "an input that is needed and absent", ERROR),
    "RR506": Code("RR506", "collateral that the policy does not know", ERROR),
    "RR507": Code("RR507", "a mode that the policy does not have", ERROR),
    "RR508": Code("RR508", "undecided inside an observed interval", ERROR),
    "RR509": Code("RR509", "a division by zero", ERROR),
    "RR510": Code("RR510", "the largest or smallest of nothing", ERROR),
    "RR511": Code("RR511", "a price time that is in the future", ERROR),
}
