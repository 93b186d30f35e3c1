"""Rules of thumb for what the author of a tweet feels about the weather.

negative, neutral (just sharing information), positive, or unrelated (not about weather at all);
guidelines/weather.md says what the classes mean. Written from the text of the tweets alone.
"""

import re

from weakhitl import ABSTAIN, labeling_function


def _phrases(*phrases):
    """One pattern for whole phrases in any case; a space stands for any white space."""
    pattern = "|".join(phrase.replace(" ", r"(?:\s+)") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


# What may stand between two words: anything in the same sentence, or at most a few words.
NEAR = r"[^.!?\n]{0,40}?\b"
FEW = r"(?: [\w'@,#-]+){0,3}? "

# --- what counts as weather -------------------------------------------------------------------

RAIN = "#?(?:rain|rains|raining|rainy|snow|lightn?ing|(?:t-?|thunder ?)?storms?)"
SUN = "#?(?:sunshine|sunny|the sun)"
WEATHER = _phrases(
    f"{RAIN}|{SUN}|#?(?:weather|wx|forecasts?|temps?|temperatures?|heat ?wave)",
    "#?(?:humid|humidity|clouds?|cloudy|sky|skies|sleet|hail|showers?|drizzl[ey]|stormy)",
    "#?(?:snow(?:ing|y)|free+z+i+n+g+|scorching|windy?|breez[ey]|fogg?y?|gloomy?)",
    "#?(?:tornado|tornadoes|floods?|flooding)",
    f"(?:hot|cold|warm|warmer|chilly|cool|nice){FEW}(?:out|outside)",
    "(?:it'?s|so+|too|was|this) (?:too |so |damn )*(?:hot|cold|warm|chilly)|million degrees",
    r"[3-9]\d ?(?:degrees?|F)",
)
INDOOR_PLACE = "(?:room|house|office|desk|library|bus|airport|inside|in here)"
INDOORS = _phrases(
    f"(?:freezing|cold|hot|degrees){NEAR}{INDOOR_PLACE}",
    f"{INDOOR_PLACE}{NEAR}(?:freezing|cold|hot|degrees)",
    r"a/?c|a\.c\.?|air con\w*|cold air",
)

# --- negative ---------------------------------------------------------------------------------

SWEARING = "(?:damn|dam|fuck(?:in|ing|en)?|freaking|stupid|goddamn)"
HEAT = _phrases(
    f"(?:too|to|2|so+|really|{SWEARING}) (?:{SWEARING} )?hot",
    "hot (?:as|ass|af)|#?stupidhot|this hot already|getting hot again",
    "scorching|sweltering|sweating|sweaty|melting|roasting|heat ?stroke|million degrees",
    f"(?:eww*|ugh+|hate|holy|hello|without|w/o){NEAR}humidity|humidity, why",
)
COLD = _phrases(
    "#?free+z+i+n+g+|bu?r+r+",
    f"(?:too|to|so+|still|{SWEARING}) (?:{SWEARING} )?(?:cold|chilly)|(?:cold|chilly) (?:as|af)",
    "got cold|cold weather|(?:cold|chilly) (?:out|outside)|(?:cold|cool) and (?:rainy|wet|yucky)",
    "needs? a (?:coat|jacket)|stay warm",
)
COLD_THINGS = _phrases("hell freezing|freezing (?:point|ocean|water)|worth it|not that cold")

BAD = (
    "(?:bad|awful|terrible|horrible|nasty|ugly|icky|gloomy|crummy|crappy|shitty|shit|trash"
    "|crazy|insane+|weird|bi-?polar|moody|depressing|worse|disrespectful|monstrous|bull ?shit"
    "|hate|hating|sick of|tired of|sucks?|sucked|sucking|blows|pissin|damn|fuck(?:ing|ed)?)"
)
BAD_WEATHER = _phrases(
    f"{BAD} (?:ass )?(?:weather|rain|wind|snow|(?:thunder ?)?storms?)",
    f"(?:sick|tired|hate|hating|{SWEARING}){FEW}weather",
    f"weather{FEW}{BAD}",
)
HEADLINE = _phrases("(?:severe|bad) weather (?:delays|causes|pushes|forecast|in)", "warm weather")

RAIN_OR_WIND = _phrases(
    "gloomy|gloominess|dreary|drizzly|icky|gr[ea]y skies|#?ihatestorms|(?:so|mad|still|too) windy",
    "another rainy|rain(?:ing)? again|rain(?:ing|y)? all|degrees and rainy|wind burn",
    f"(?:ugh+|blah|god|goddamn|boo|stop|stops|can'?t|spoiled|ruined){NEAR}(?:rain|rainy|raining)",
    f"(?:rain|rainy|raining){NEAR}(?:ugh+|#?bored|stressful|spoiled|ruined|letdown|sucks)",
    f"storm{FEW}(?:bueno|joke|bad|scared|scary|go away)|don'?t like {RAIN}",
)
LONGING = _phrases(
    f"where(?:'?s|'?d| is| did){NEAR}(?:sun|sunshine|spring|summer|warm weather)",
    "bring back the (?:sun|sunshine|summer)|(?:want|need) the (?:sun|sunshine) back",
    f"(?:need|want|miss|wish|wishing|waiting on){NEAR}(?:warm|nice|good|better) weather",
    f"(?:need|want|miss|wish|wishing){NEAR}(?:some sunshine|in sunny|warm, sunny|weather was)",
    f"summer needs|not summer yet|rain\\? in may|(?:jacket|coat|snow){FEW}in may|#?itsmay",
    f"why{NEAR}\\d\\d degrees|{BAD} (?:cold )?weather for (?:april|may|june)|#?ithoughtitwassummer",
)

# --- neutral ----------------------------------------------------------------------------------

MEASUREMENT = _phrases(
    r"-?\d+(?:\.\d+)? ?(?:&#xB0;|\*)?(?:F|deg|mph)",
    r"hum(?:idity)?:? ?(?:is )?\d+|\d+\S* humidity",
    r"pres(?:s|sure)?: ?\d+|rain(?: today)?: ?\d+|winds?: [\w(]+|dewpt|windchill|heat index",
)
WARNING = _phrases(
    r"(?:storm|thunderstorm|weather|flood|tornado) (?:warnings?|watch(?:es)?)",
    "special weather statement|severe weather alerts?|wx alt|nws|spc",
    r"(?:warning|watch|statement) (?:issued|remains|in effect|until \d+|for \w+)",
)
FORECAST = _phrases(
    "(?:mostly|partly) (?:sunny|cloudy|clear)|current conditions|weather update|hourly wx",
    f"chance (?:of|for) (?:a )?(?:{RAIN}|showers?|shower or t-storm)|showers?(?: and|,|/) ?{RAIN}",
    r"(?:highs?|lows?) (?:(?:in the|around|of) )?\d\d?s?|record (?:low|high)",
    f"(?:isolated|scattered|heavy|snow) (?:{RAIN}|showers|t-showers)|{RAIN} possible|patchy fog",
    f"(?:supposed to|going to|gonna|goin|looks like) {RAIN}|storm (?:is coming|coming|comes)",
    "(?:thunderstorms?|sunny) (?:today|tomorrow)|on radar|temps feel like|sunshine to continue",
)
STORM_NEWS = _phrases(
    r"storm(?: |-)(?:damage|victims?|related|reports?|battered|downed|chasers?|spotting|shelters?)",
    "(?:weather|rain|storms?) (?:delays?|halts|causes|pushes|chills)|strongest storm",
    f"(?:postponed|delayed|delays){NEAR}(?:forecast|weather|rain)|dust storm|power outages?",
    "#?(?:tornado|tornadoes|flooding|flood|tsunami|joplin)|storm kills|severe storms|storm with",
    "severe weather (?:in|delays|causes|texts)|(?:tracking|following) severe weather|skywarn",
)
QUESTION = _phrases(
    "how(?:'?s| is| are| was) (?:the|them|ur|your) weather",
    "what(?:'?s| is) the (?:temp|temperature|weather|forecast)",
    "is it (?:hot|cold|raining|sunny|warm|snowing) (?:out|outside|there)",
    f"(?:does|did|will) it {RAIN}|is (?:any part of )?(?:this|the) storm|hope (?:the )?weather is",
    "weather (?:allows|permitting|might be)|if it'?s (?:sunny|raining)|who heard that",
)

# --- positive ---------------------------------------------------------------------------------

GOOD = (
    "(?:beautiful|nice|great|perfect|lovely|gorgeous|awesome|amazing|glorious|fantastic|fabulous"
    "|wonderful|best|good(?! (?:morning|sized))|loved?|loving|enjoy|enjoying|decent)"
)
GOOD_WEATHER = _phrases(
    rf"{GOOD}{FEW}weather(?! (?:forecast|alert|page))|weather{FEW}\*?{GOOD}",
    f"{GOOD}{FEW}day(?: out| outside)|(?:beautiful|gorgeous|perfect|glorious){FEW}(?:day|outside)",
    "my kinda weather|dress weather|weather rocks|weather makes me (?:very |so )?(?:happy|want to)",
    "couldn'?t ask for (?:a )?better (?:weather|forecast|day)",
)
ONLY_WISHED_FOR = _phrases(
    "hop(?:e|es|ing)|pray(?:ing|s)?|wish(?:es|ing)?|want|waiting on|if|won'?t|doesn'?t|better be",
)
JOY_IN_THE_SUN = _phrases(
    f"(?:enjoy\\w*|loves?|loving|thanks|grateful|beautiful|great|awesome|wonderfully){NEAR}{SUN}",
    f"(?:plenty of|shout ?out to|bring on|finally|hello+,?|hitting|morning,?) (?:the )?{SUN}",
    f"{SUN}{NEAR}(?:enjoy\\w*|happy|happiness|beautiful|awesome|nice|good|inspired|love|lucky)",
    f"{SUN}{NEAR}(?:beach|pool|patio|picnic|park|margaritas|camping|art festival)",
    f"(?:nice|warm|hot|beautiful|gorgeous),?(?: and| &)? {SUN}|sunny (?:and|&) (?:\\d\\d|warm)",
)
WARMTH = _phrases(
    f"(?:finally|about time|glad){NEAR}(?:warm|warmer|nice weather|weather is finally)",
    r"finally\W+the temp\w*|bring on the heat|getting warm(?:er)?|sundress weather",
    f"(?:love|loving|enjoy|enjoying|grateful|perfect){NEAR}(?:warm|warmer|heat|\\d0 degrees?)",
    r"[5-9]\d ?degrees?[^\n]{0,40}?(?:i'?ll take it|yes|love|#?perfect\w*|happy|pool|beach|play)",
    f"warm sunny|hot{NEAR}(?:feels (?:great|good)|time for the pool)|upside{NEAR}\\d\\d degrees",
)
RAIN_LOVED = _phrases(
    f"(?:love|loving|yay|yes|can'?t wait|excited){FEW}{RAIN}",
    f"(?:i (?:actually |really |kinda )?like|don'?t mind) (?:the |this )?{RAIN}",
    f"(?:could go for|nothing like|nothing beats|hope this){FEW}(?:{FEW})?{RAIN}",
    f"{RAIN}{NEAR}(?:spectacular|awesome|impressive|amazing|nice|cozy)|how to have a storm",
)

# --- unrelated --------------------------------------------------------------------------------

NAME = _phrases(
    "snow (?:patrol|white|bunn(?:y|ies)|crab|cones?|ice|money|plow|boots)|miike snow",
    "snowy (?:white|owls?)|snow(?: |-)ball|(?:ice|sandy) storm|chilly winds|fair(?: |-)weather",
    "(?:hannah|ms|malibu|quiet|motor|metal|bb) storm|storm (?:costume|award|drain|rant|video)",
    r"the storm announce|storm:? \d|td storm|storm warning right now|weather (?:up|garden|girls)",
    r"always sunny in|sunny (?:black|zoe|red|side|anderson|hostin|mc\w+|roses|moments|ballin)",
    "(?:nature's|pocketful of|code|my|hey|what up|morning) sunshine|sunshine (?:skyway|law|store)",
    "sunshine (?:anderson|parkway|products)|slush|slushie|activision|(?:free|the|a) blizzard",
    "i love a rainy night|rainy night in georgia|coldplay|the carpenters|(?:okc|city|#) ?thunder",
    r"(?:6|six|98|180|32|the 3) degrees (?:of sep\w+|south|&gt;|on the|sticker)|@ 32 degrees",
)
OTHER_SENSE = _phrases(
    "(?:graduate|more|doctorate|link|got|psychology|various) degrees|degrees (?:cuz|in education)",
    r"(?:bachelor|master)'?s? degrees|diplomas or degrees|2 degrees[.,]",
    r"(?:1[2-9]|[2-6]\d|100)\d degrees",
    "hot (?:tubs?|dogs?|date|body|pink|shit|bleach|chicks?|girls?|guys?|new|off the|coffee|sauce)",
    "hot (?:chocolate|car|air|fire|lyrics|beatz|song|ghetto|cup)",
    "(?:she|he|her|moms?|song|shit) (?:is |looking )?hot|mom's hot|you'?re hot",
    "(?:pretty|amazingly|cutely|smoking|looking|really|boiling) hot(?! out)",
    "(?:stone|ice|flat out|this) cold(?! weather| outside)|cold (?:beer|to the core)|move #cold",
    "chilly (?:feet|pepper|this weekend)|then you'?re cold|weather (?:to be|i own|or not)",
)
FIGURE_OF_SPEECH = _phrases(
    "by storm|up a #?storm|brain ?storm|weather (?:this|the) storm|stormed|told the storm",
    "test the weather|riding out the storm|feather in the storm",
    "#?(?:twitter|political|spam|shit) ?storm|storm (?:cockpit|is upon|is only)",
    "(?:militants|gunmen|soldiers|reportedly|tried to) storm",
    "storm (?:to )?pass(?:es)?|stop the storm|when the storm comes|storm (?:can't|never) lasts?",
    "(?:within|after) the storm|(?:ray|bundle|ball) of sunshine|(?:my|like the|bottled) sunshine",
    "blowing sunshine|ain't no sunshine|the only sunshine|face to the|sunshine to your",
    "in the sunshine, but|sunshine & rainbows",
    "(?:for|hall of) a rainy day|danced? in the rain|walk(?:ing)? thru the rain",
    "through rain or shine|hell freezing",
)
ADVERT_OR_MUSIC = _phrases(
    "free shipping|coupon|promo|sweepstakes|discount|on sale|sold out|prizes|just in!|#ad|#contest",
    "#np|#newmusic|#listen|#?now ?playing|just played|feat|ft|mixtape|album|new song|amazing song",
    "hip hop|new music|lyrics|on repeat|listen:|listening to|favou?rited|uploaded|youtube|itunes",
    f"check (?:this|it|the|my|dis|out){FEW}(?:out|video|song|joint|line-up|album|shit|hot|issue)",
    "iphone|ipad|apps?|gift cards|financial results|quarterly profit|handbag|vote vote|dvd",
    r"repair, call|new picture|\$\d+\.99",
)

# --- the tone of voice ------------------------------------------------------------------------

SMILEY = re.compile(r"(?<!\w)[:;=][-o]?[)D\]]|\(:|\^_?\^|(?:<|&lt;)3")
FROWN = re.compile(r"(?<!\w)[:=]-?['?]?[(/\\S](?!\w)|\)-?:|-[_.]+-|(?<!\w)D[:;](?!\w)")
CHEER = _phrases(
    f"{GOOD}|yay+|woo+|haha+|happy(?! (?:birthday|monday|mother))|glad|thanks?|grateful|excited",
    r"fun|perfect\w+|can't wait|finally|about time|mmm+",
)
SIGH = _phrases(
    f"{BAD}|{SWEARING}|ugh+|uq?hh+|eww*|blah|boo|smh|wtf|wth|grr+|sigh|argh|omg|yikes|sad|hell"
    "|#?\\w*fail|annoyed|no thank you|stuck|scared"
)
NEWSLIKE = re.compile(r"\d|\{link\}|#\w+wx\b|\.\.\.")
PERSONAL = _phrases("i|i'?m|me|my|mine|we|our|us|you|u|ur|your|ya|y'?all|lol|@mention|so|mad")


def _only_weather(text):
    """Cut out names, figures of speech and other senses of weather words."""
    for borrowed in (NAME, OTHER_SENSE, FIGURE_OF_SPEECH):
        text = borrowed.sub(" ", text)
    return text


# --- labeling functions -----------------------------------------------------------------------


@labeling_function
def complains_of_heat(x):
    """Too hot, hot as hell, sweating, hateful humidity."""
    if INDOORS.search(x.text) or WARMTH.search(x.text):
        return ABSTAIN
    return "negative" if HEAT.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def complains_of_cold(x):
    """Freezing, so cold, brrr; but not in a room, where it is the air conditioning."""
    if INDOORS.search(x.text) or COLD_THINGS.search(x.text):
        return ABSTAIN
    return "negative" if COLD.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def calls_the_weather_bad(x):
    """Sucks, crazy, bipolar beside the weather; headlines aside."""
    if HEADLINE.search(x.text):
        return ABSTAIN
    return "negative" if BAD_WEATHER.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def grumbles_about_rain_or_wind(x):
    """Gloomy, another rainy day, so windy, this storm is no joke."""
    return "negative" if RAIN_OR_WIND.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def longs_for_better_weather(x):
    """Where is the sun? Who wants good weather has none."""
    return "negative" if LONGING.search(x.text) else ABSTAIN


@labeling_function
def station_reading(x):
    """Two or more measurements in one tweet: an automatic weather station."""
    return "neutral" if len(MEASUREMENT.findall(x.text)) >= 2 else ABSTAIN


@labeling_function
def official_warning(x):
    """Warning, watch or statement of the weather service."""
    return "neutral" if WARNING.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def reads_like_a_forecast(x):
    """Partly cloudy, high 84, chance of storms."""
    return "neutral" if FORECAST.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def reports_storm_news(x):
    """Storm damage, tornado sightings, games delayed by rain: news, not a mood."""
    return "neutral" if STORM_NEWS.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def asks_about_the_weather(x):
    """How's the weather there? Who asks or plans does not judge."""
    return "neutral" if QUESTION.search(x.text) else ABSTAIN


@labeling_function
def praises_the_weather(x):
    """Beautiful, perfect, love beside the weather, unless it is only wished for."""
    if ONLY_WISHED_FOR.search(x.text):
        return ABSTAIN
    return "positive" if GOOD_WEATHER.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def enjoys_the_sun(x):
    """Sunshine in one sentence with joy, a beach or a patio."""
    if ONLY_WISHED_FOR.search(x.text):
        return ABSTAIN
    return "positive" if JOY_IN_THE_SUN.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def welcomes_warmth(x):
    """Warm at last; 80 degrees, I'll take it."""
    return "positive" if WARMTH.search(x.text) else ABSTAIN


@labeling_function
def likes_rain_or_storms(x):
    """Love of a good storm, or of rain."""
    return "positive" if RAIN_LOVED.search(_only_weather(x.text)) else ABSTAIN


@labeling_function
def name_with_a_weather_word(x):
    """Snow Patrol, Hannah Storm, Always Sunny: bands, people, titles, products."""
    return "unrelated" if NAME.search(x.text) else ABSTAIN


@labeling_function
def other_sense_of_the_word(x):
    """Hot girls, stone cold, bachelor's degrees, "weather" for "whether"."""
    return "unrelated" if OTHER_SENSE.search(x.text) else ABSTAIN


@labeling_function
def figure_of_speech(x):
    """Take by storm, ray of sunshine, saved for a rainy day."""
    return "unrelated" if FIGURE_OF_SPEECH.search(x.text) else ABSTAIN


@labeling_function
def advert_or_music(x):
    """Sales, songs and apps borrow weather words."""
    return "unrelated" if ADVERT_OR_MUSIC.search(x.text) else ABSTAIN


@labeling_function
def no_weather_at_all(x):
    """Not one weather word, or only the warmth and cold of a room."""
    if not x.text.strip():
        return ABSTAIN
    return "unrelated" if INDOORS.search(x.text) or not WEATHER.search(x.text) else ABSTAIN


@labeling_function
def tone_beside_the_weather(x):
    """Cheers and sighs beside a weather word; a bare notice with neither is information."""
    if not WEATHER.search(_only_weather(x.text)):
        return ABSTAIN
    cheers = len(SMILEY.findall(x.text)) + len(CHEER.findall(x.text))
    sighs = len(FROWN.findall(x.text)) + len(SIGH.findall(x.text))
    if cheers != sighs:
        return "positive" if cheers > sighs else "negative"
    if cheers or "!" in x.text or PERSONAL.search(x.text) or ADVERT_OR_MUSIC.search(x.text):
        return ABSTAIN
    return "neutral" if NEWSLIKE.search(x.text) else ABSTAIN
