"""Functions that compute numbers from numbers: settings name them, as ``FunctionTransformer(numpy.log1p)`` does.

They are only referred to; a call by the stream is denied. What opens, writes, changes what it is given, reads memory by
address or calls what it is given is left out, whatever it computes beside that.
"""

# ruff: noqa: E501, ISC004 (tables: one row is one judgement)

from __future__ import annotations

_REFERENCE = "computes from numbers; only referred to, a call is denied"
_METHOD = "method that SciPy or NumPy binds to an object of its own; only referred to, a call is denied"

_UFUNCS = (
    "abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh "
    "bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
    "cbrt ceil conj conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor "
    "floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm "
    "ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or "
    "logical_xor matmul matvec maximum minimum mod modf multiply negative nextafter not_equal positive pow power rad2deg "
    "radians reciprocal remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide "
    "trunc vecdot vecmat"
)
_ARRAYS = (
    "all allclose amax amin angle any append arange argmax argmin argpartition argsort argwhere around array array_equal "
    "array_equiv array_split asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d average "
    "bartlett bincount blackman block broadcast_arrays broadcast_to busday_count busday_offset can_cast choose "
    "clip column_stack compress concatenate convolve copy corrcoef correlate count_nonzero cov cross cumprod cumproduct cumulative_prod "
    "cumsum cumulative_sum delete diag diag_indices diagflat diagonal diff digitize dot dsplit dstack ediff1d einsum empty empty_like "
    "expand_dims extract eye fix flatnonzero flip fliplr flipud full full_like geomspace gradient hamming hanning "
    "histogram histogram2d histogram_bin_edges histogramdd hsplit hstack i0 identity imag indices in1d inner insert "
    "interp intersect1d is_busday isclose iscomplex iscomplexobj isin isneginf isposinf isreal isrealobj isscalar "
    "issubdtype kaiser kron lexsort linspace logspace matrix_transpose max mean median meshgrid min moveaxis msort nan_to_num nanargmax nanargmin "
    "nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar ndim nonzero "
    "ones ones_like outer "
    "packbits pad partition percentile permute_dims poly polyadd polyder polydiv polyfit polyint polymul polysub polyval prod product "
    "promote_types ptp quantile ravel ravel_multi_index real real_if_close repeat reshape resize result_type roll rollaxis roots rot90 "
    "round round_ row_stack searchsorted select setdiff1d setxor1d shape sinc size sometrue sort sort_complex split squeeze stack std sum "
    "swapaxes take take_along_axis tensordot tile trace transpose trapezoid trapz tri tril tril_indices trim_zeros triu "
    "triu_indices union1d unique unpackbits unravel_index unstack unwrap vander var vdot vsplit vstack where zeros zeros_like"
)
_LINALG = (
    "cholesky cond det eig eigh eigvals eigvalsh inv lstsq matrix_norm matrix_power matrix_rank multi_dot norm pinv qr slogdet "
    "solve svd svdvals tensorinv tensorsolve vector_norm"
)
_RANDOM = (
    "beta binomial chisquare choice dirichlet exponential f gamma geometric gumbel hypergeometric laplace logistic "
    "lognormal logseries multinomial multivariate_normal negative_binomial noncentral_chisquare noncentral_f normal pareto "
    "permutation poisson power rayleigh standard_cauchy standard_exponential standard_gamma standard_normal standard_t "
    "triangular uniform vonmises wald weibull zipf"
)
_SPECIAL = (
    "agm airy airye bdtr bdtrc bdtri bei beip ber berp besselpoly beta betainc betaincc betaincinv betaln binom boxcox "
    "boxcox1p cbrt chdtr chdtrc chdtri cosdg cosm1 cotdg dawsn digamma ellipe ellipeinc ellipj ellipk ellipkinc ellipkm1 "
    "entr erf erfc erfcinv erfcx erfi erfinv eval_chebyt eval_chebyu eval_gegenbauer eval_genlaguerre eval_hermite "
    "eval_hermitenorm eval_jacobi eval_laguerre eval_legendre exp1 exp10 exp2 expi expit expm1 expn exprel fdtr fdtrc "
    "fdtri fresnel gamma gammainc gammaincc gammainccinv gammaincinv gammaln gammasgn gdtr gdtrc hankel1 hankel2 huber "
    "hyp0f1 hyp1f1 hyp2f1 hyperu i0 i0e i1 i1e inv_boxcox inv_boxcox1p iv ive j0 j1 jn jv jve k0 k0e k1 k1e kl_div kn "
    "kolmogi kolmogorov kv kve log1p log_expit log_ndtr loggamma logit lpmv modstruve nbdtr nbdtrc ncfdtr nctdtr ndtr ndtri "
    "ndtri_exp owens_t pdtr pdtrc pdtri poch powm1 pseudo_huber psi radian rel_entr rgamma round shichi sici sindg smirnov "
    "smirnovi spence stdtr stdtrit struve tandg tklmbda voigt_profile wofz wrightomega xlog1py xlogy y0 y1 yn yv yve zetac"
)
_STATS = (
    "brunnermunzel chisquare cumfreq describe energy_distance expectile f_oneway friedmanchisquare gmean gstd gzscore hmean "
    "iqr jarque_bera kendalltau kruskal ks_2samp kurtosis kurtosistest linregress median_abs_deviation mode moment "
    "normaltest obrientransform pearsonr percentileofscore pmean pointbiserialr power_divergence rankdata ranksums relfreq "
    "scoreatpercentile sem sigmaclip skew skewtest spearmanr tiecorrect tmax tmean tmin trim1 trim_mean trimboth tsem tstd "
    "ttest_1samp ttest_ind ttest_rel tvar wasserstein_distance weightedtau zmap zscore"
)

FUNCTIONS: tuple[tuple[str, str, str, str], ...] = (
    # module, names, uses, how it was judged
    ("math", "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist erf erfc exp exp2 expm1 fabs "
             "floor fmod frexp fsum gamma gcd hypot isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 "
             "modf nextafter pow radians remainder sin sinh sqrt tan tanh trunc ulp", "", _REFERENCE),
    ("statistics", "fmean geometric_mean harmonic_mean mean median median_grouped median_high median_low mode multimode "
                   "pstdev pvariance quantiles stdev variance", "", _REFERENCE),
    ("unicodedata", "normalize", "", "computes a text; only referred to, a call is denied"),
    *((module, _UFUNCS, "", _REFERENCE) for module in ("numpy", "numpy._core._multiarray_umath", "numpy._core.umath")),
    ("numpy", _ARRAYS, "", _REFERENCE),
    ("numpy._core.fromnumeric", "all amax amin any argmax argmin argsort around clip cumprod cumsum max mean min ndim prod "
                                "ptp ravel reshape resize round searchsorted size sort squeeze std sum take transpose var",
     "", _REFERENCE),
    ("numpy.lib.nanfunctions", "nanargmax nanargmin nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod "
                               "nanquantile nanstd nansum nanvar", "", _REFERENCE),
    ("numpy.lib.function_base", "average corrcoef cov diff gradient interp median percentile quantile trapz", "", _REFERENCE),
    *((module, _LINALG, "", _REFERENCE) for module in ("numpy.linalg", "numpy.linalg.linalg", "numpy.linalg._linalg")),
    ("numpy.fft", "fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn rfft rfft2 "
                  "rfftfreq rfftn", "", _REFERENCE),
    ("numpy.random._pickle", " ".join(
        [f"__generator_ctor.{name}" for name in (*_RANDOM.split(), "integers", "permuted", "random")]
        + [f"__randomstate_ctor.{name}" for name in (*_RANDOM.split(), "rand", "randint", "randn", "random",
                                                     "random_integers", "random_sample", "tomaxint")]
    ), "", _METHOD),
    *((f"scipy.special{module}", _SPECIAL, "", _REFERENCE) for module in ("", "._ufuncs", "._special_ufuncs")),
    ("scipy.special._logsumexp", "log_softmax logsumexp softmax", "", _REFERENCE),
    ("scipy.special._basic", "comb polygamma softplus zeta", "", _REFERENCE),
    *((f"scipy.stats{module}", _STATS, "", _REFERENCE) for module in ("", "._stats_py", ".stats")),
    *((f"scipy.stats{module}", "boxcox boxcox_llf circmean circstd circvar kstat kstatvar yeojohnson yeojohnson_llf", "",
       _REFERENCE) for module in ("", "._morestats", ".morestats")),
    ("scipy.stats._entropy", "differential_entropy entropy", "", _REFERENCE),
    ("scipy.stats._variation", "variation", "", _REFERENCE),
    ("scipy.linalg._basic", "inv lstsq pinv pinvh solve", "", _REFERENCE),
    ("scipy.linalg._decomp", "eig eigh eigvals eigvalsh", "", _REFERENCE),
    ("scipy.linalg._decomp_cholesky", "cho_factor cho_solve cholesky", "", _REFERENCE),
    ("scipy.linalg._decomp_qr", "qr", "", _REFERENCE),
    ("scipy.linalg._decomp_svd", "svd svdvals", "", _REFERENCE),
    ("scipy.linalg._matfuncs", "expm logm sqrtm", "", _REFERENCE),
    ("scipy.linalg._misc", "norm", "", _REFERENCE),
    ("scipy.ndimage._filters", "gaussian_filter gaussian_filter1d laplace maximum_filter median_filter minimum_filter "
                               "percentile_filter prewitt rank_filter sobel uniform_filter uniform_filter1d", "", _REFERENCE),
    ("scipy.ndimage._interpolation", "affine_transform map_coordinates rotate shift zoom", "", _REFERENCE),
    ("scipy.signal._savitzky_golay", "savgol_filter", "", _REFERENCE),
    ("scipy.interpolate._interpolate", "interp1d._call_linear interp1d._call_linear_np interp1d._call_nan_spline "
                                       "interp1d._call_nearest interp1d._call_previousnext interp1d._call_spline", "", _METHOD),
    ("scipy.stats._qmc", "LatinHypercube._random_lhs LatinHypercube._random_oa_lhs", "", _METHOD),
    ("scipy.stats._distn_infrastructure", "rv_sample._entropy rv_sample._generic_moment rv_sample._pmf", "", _METHOD),
    ("pandas", "concat cut get_dummies isna isnull notna notnull qcut to_datetime to_numeric to_timedelta", "", _REFERENCE),
    ("pandas.core.reshape.concat", "concat", "", _REFERENCE),
    ("pandas.core.reshape.encoding", "get_dummies", "", _REFERENCE),
    ("pandas.core.reshape.tile", "cut qcut", "", _REFERENCE),
    ("pandas.core.dtypes.missing", "isna notna", "", _REFERENCE),
    ("pandas.core.tools.datetimes", "to_datetime", "", _REFERENCE),
    ("pandas.core.tools.numeric", "to_numeric", "", _REFERENCE),
    ("pandas.core.tools.timedeltas", "to_timedelta", "", _REFERENCE),
)  # fmt: skip
