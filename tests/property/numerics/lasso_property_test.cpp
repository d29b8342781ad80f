#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

#include "joulecast/numerics.h"
#include "random_problem.h"
#include "support/optimality.h"

namespace joulecast {
namespace {

using test::lasso_kkt_breach;
using test::lasso_objective;
using test::random_problem;
using test::RandomProblem;
using test::Scales;

LassoOptions some_options() {
  LassoOptions options;
  options.positive = *rc::gen::arbitrary<bool>();
  options.fit_intercept = *rc::gen::arbitrary<bool>();
  options.alphas = 30;
  options.jobs = 1;
  return options;
}

RC_GTEST_PROP(LassoPath, ConvergedFitsMeetTheOptimalityConditions, ()) {
  const RandomProblem problem = random_problem(30, 60);
  const LassoOptions options = some_options();
  const auto alphas = lasso_alpha_grid(problem.x.view(), problem.y, options);
  const auto path = lasso_path(problem.x.view(), problem.y, alphas, options);
  RC_ASSERT(path.has_value());
  RC_ASSERT(path->size() == alphas.size());
  for (const LassoFit& fit : *path) {
    const double breach =
        lasso_kkt_breach(problem.x.view(), problem.y, fit, options.positive, options.fit_intercept);
    RC_ASSERT(breach < 1e-9);
  }
}

RC_GTEST_PROP(LassoPath, ConvergedFitsHaveNoDualityGap, ()) {
  const RandomProblem problem = random_problem(40, 40);
  const LassoOptions options = some_options();
  const auto alphas = lasso_alpha_grid(problem.x.view(), problem.y, options);
  const auto path = lasso_path(problem.x.view(), problem.y, alphas, options);
  RC_ASSERT(path.has_value());
  const double y_norm2 = test::norm2(test::centred(problem.y, options.fit_intercept));
  for (const LassoFit& fit : *path) {
    const double gap = lasso_duality_gap(problem.x.view(), problem.y, fit.coefficients, fit.intercept,
                                         fit.alpha, options.positive, options.fit_intercept);
    const double scale = test::residual_scale(problem.x.view(), problem.y, fit.coefficients);
    RC_ASSERT(gap * static_cast<double>(problem.y.size()) <= 1e-10 * y_norm2 + 1e-14 * scale * scale);
  }
}

RC_GTEST_PROP(LassoPath, NoCompatFitIsBetterThanTheConvergedOne, ()) {
  const RandomProblem problem = random_problem(25, 25);
  LassoOptions options = some_options();
  options.alphas = 10;
  options.max_iterations = 200;
  const auto alphas = lasso_alpha_grid(problem.x.view(), problem.y, options);
  const auto converged = lasso_path(problem.x.view(), problem.y, alphas, options);
  options.mode = LassoMode::kCompat;
  const auto compat = lasso_path(problem.x.view(), problem.y, alphas, options);
  RC_ASSERT(converged.has_value());
  RC_ASSERT(compat.has_value());
  for (std::size_t a = 0; a < alphas.size(); ++a) {
    const double best = lasso_objective(problem.x.view(), problem.y, (*converged)[a]);
    const double other = lasso_objective(problem.x.view(), problem.y, (*compat)[a]);
    const double scale = test::residual_scale(problem.x.view(), problem.y, (*converged)[a].coefficients);
    RC_ASSERT(best <= other + 1e-10 * other + 1e-14 * scale * scale);
  }
}

RC_GTEST_PROP(LassoPath, OneAlphaAloneGivesTheSameFitAsThePath, ()) {
  const RandomProblem problem = random_problem(30, 30);
  LassoOptions options = some_options();
  const auto alphas = lasso_alpha_grid(problem.x.view(), problem.y, options);
  const auto path = lasso_path(problem.x.view(), problem.y, alphas, options);
  const std::vector<double> last{alphas.back()};
  const auto alone = lasso_path(problem.x.view(), problem.y, last, options);
  RC_ASSERT(path.has_value());
  RC_ASSERT(alone.has_value());
  const double a = lasso_objective(problem.x.view(), problem.y, path->back());
  const double b = lasso_objective(problem.x.view(), problem.y, alone->front());
  const double scale = test::residual_scale(problem.x.view(), problem.y, alone->front().coefficients);
  RC_ASSERT(std::fabs(a - b) <= 1e-10 * (a + b) + 1e-14 * scale * scale);
}

RC_GTEST_PROP(LassoCv, EveryFoldConvergesWhereScalesAreOrdinary, ()) {
  const RandomProblem problem = random_problem(30, 40, Scales::kOrdinary);
  RC_PRE(problem.y.size() >= 4U);
  const auto folds = contiguous_folds(problem.y.size(), 4);
  LassoOptions options = some_options();
  options.gap_tolerance =
      1e-7;  // fits of nearly dependent columns cannot be judged by 1e-10 in double precision
  const auto cv = lasso_cv(problem.x.view(), problem.y, *folds, options);
  RC_ASSERT(cv.has_value());
  RC_ASSERT(cv->unconverged_fits == 0U);
  RC_ASSERT(cv->fit.converged);
}

RC_GTEST_PROP(Nnls, MeetsTheOptimalityConditions, ()) {
  const RandomProblem problem = random_problem(40, 60);
  const double ridge = *rc::gen::element(0.0, 1e-6, 1.0);
  const auto fit = nnls(problem.x.view(), problem.y, ridge);
  RC_ASSERT(fit.has_value());
  RC_ASSERT(fit->converged);
  RC_ASSERT(test::nnls_kkt_breach(problem.x.view(), problem.y, fit->x, ridge) < 1e-9);
}

RC_GTEST_PROP(NnlsFromGram, MeetsTheOptimalityConditions, ()) {
  const RandomProblem problem = random_problem(40, 60);
  const Matrix& a = problem.x;
  Matrix gram(a.columns, a.columns);
  std::vector<double> h(a.columns, 0.0);
  for (std::size_t j = 0; j < a.columns; ++j) {
    for (std::size_t i = 0; i < a.rows; ++i) h[j] += a(i, j) * problem.y[i];
    for (std::size_t k = 0; k < a.columns; ++k) {
      for (std::size_t i = 0; i < a.rows; ++i) gram(j, k) += a(i, j) * a(i, k);
    }
  }
  const auto fit = nnls_from_gram(gram.view(), h);
  RC_ASSERT(fit.has_value());
  RC_ASSERT(fit->converged);
  // A distance below 1e-6 of a column's length is taken for rounding of the Gram matrix.
  RC_ASSERT(test::gram_kkt_breach(gram.view(), h, fit->x, std::sqrt(test::norm2(problem.y))) < 1e-5);
}

}  // namespace
}  // namespace joulecast
