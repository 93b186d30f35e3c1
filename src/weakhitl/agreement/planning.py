"""How many units a verdict needs: from what is known so far, and before any data."""

from math import ceil

from scipy.stats import norm

from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.ranges import require_share


def units_needed(estimate: Estimate, bar: float, confidence: float) -> int | None:
    """How many units in all would let the one-sided lower bound clear ``bar``, if the value stays as it is.

    The standard error shrinks with the square root of the units. None where the value is at or under the
    bar (more units alone will not help) or where there is no standard error. Raises ``UsageError`` for a confidence
    that is no share.
    """
    require_share("confidence", confidence, such_as=0.95)
    if estimate.value is None or not estimate.se or estimate.value <= bar:
        return None
    half = float(norm.ppf(confidence)) * estimate.se
    return max(estimate.n_pairable, ceil(estimate.n_pairable * (half / (estimate.value - bar)) ** 2))


def units_for_precision(smallest: float, prevalence: float, confidence: float = 0.95) -> int:
    """Units that two coders need so that an alpha of ``smallest`` is not taken for one that is 0 in a class.

    ``prevalence`` is the share of the rarest class that matters; a quarter is Krippendorff's example.
    Raises ``UsageError`` for shares outside 0 to 1.

    Source: K. Krippendorff (2018), Content Analysis, 4th edition, section 12.2.3, after D. A. Bloch, H. C.
    Kraemer (1989), 2 x 2 kappa coefficients.

    Examples
    --------
    >>> units_for_precision(0.8, 0.25), units_for_precision(0.667, 0.25)
    (139, 81)

    """
    _check("smallest", smallest, prevalence, confidence)
    z = float(norm.ppf(confidence))
    spread = (1 + smallest) * (3 - smallest) / (4 * (1 - smallest) * prevalence * (1 - prevalence))
    return ceil(2 * z**2 * (spread - smallest))


def units_before(
    bar: float, expected: float, prevalence: float, *, confidence: float = 0.95, power: float = 0.8
) -> int | None:
    """Units that two coders need so that the lower bound clears ``bar`` with probability ``power``.

    Parameters
    ----------
    bar, confidence
        Of the check.
    expected
        The agreement (kappa or alpha) that you believe in.
    prevalence
        Share of the rarest class that matters, against all others; the more even, the fewer units.
    power
        How likely the check shall pass if you are right.

    Returns
    -------
    int or None
        None where ``expected`` is not above the bar: no number of units will do.

    References
    ----------
    D. A. Bloch, H. C. Kraemer (1989), 2 x 2 kappa coefficients: measures of agreement or association,
    Biometrics 45 (the variance of the intraclass kappa of two coders).

    Examples
    --------
    >>> units_before(0.6, 0.75, 0.3)
    145

    """
    _check("expected", expected, prevalence, confidence)
    require_share("power", power, such_as=0.8)
    if not -1 <= bar < 1:
        raise UsageError(f"bar is {bar}; expected a number below 1, such as 0.6")
    if expected <= bar:
        return None
    disagree = 1 - expected
    unit_variance = disagree * (
        disagree * (1 - 2 * expected) + expected * (2 - expected) / (2 * prevalence * (1 - prevalence))
    )
    z = float(norm.ppf(confidence) + norm.ppf(power))
    return ceil(unit_variance * (z / (expected - bar)) ** 2)


def _check(name: str, agreement: float, prevalence: float, confidence: float) -> None:
    require_share(name, agreement, such_as=0.8)
    require_share("prevalence", prevalence, such_as=0.25)
    require_share("confidence", confidence, such_as=0.95)
