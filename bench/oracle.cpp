#include <fmt/format.h>
#include <cmath>
#include <map>
#include <sstream>
#include "joulecast/simulator.h"
#include "measurements/regression/run_fit.h"
using namespace joulecast; using namespace joulecast::regression;
struct Score { double l50, all, energy, gapw, hostw; };
static Score score(const RunFit& run, const SimulatedRun& sim, const Eigen::VectorXd& p) {
  double s=0,n=0,a=0,m=0,e=0;
  for (size_t c=0;c<run.layer_of_column.size();++c){ const auto& t=sim.truth.layers[run.layer_of_column[c]];
    double r=p[c]/t.power_w-1; if(t.run_time_ms>=.05){s+=r*r;++n;} a+=r*r;++m; e+=p[c]*t.run_time_ms; }
  return {100*std::sqrt(s/n),100*std::sqrt(a/m),100*(e/sim.truth.energy_mj-1),p[run.problem.columns.event_gap],p[run.problem.columns.host_gap]};
}
static void show(const char* what,const RunFit& run,const SimulatedRun& sim,const PointFit& f,double ref){
  auto s=score(run,sim,f.powers);
  fmt::print("{:<22} D {:.1f} w {:.1f} tau {:.1f} g {:.3f} tm {:.1f} ev {:+.1f} | >=50 {:.1f} all {:.1f} E {:+.2f} gapW {:.2f} hostW {:.2f} s {:.3f} disc {:.4f} steps {:.2f} res {:.4f} pen {:.1f}\n",what,f.shape.delay_us,f.shape.window_us,f.shape.lowpass_us,f.shape.event_gap_us,f.shape.timing_us,f.log_evidence-ref,s.l50,s.all,s.energy,s.gapw,s.hostw,f.prior.relative_sd,f.spreads.discrepancy_w,f.spreads.steps_w,f.residual_w,f.prior_penalty);
}
int main(int argc,char**argv){
  std::string scen=argv[1]; uint64_t seed=std::stoull(argv[2]); std::string net=argv[3]; uint64_t cycles=std::stoull(argv[4]); bool detail=argc>5;
  auto board=draw_board(seed,scen); auto network=make_topology(net); RunOptions o; o.cycles=cycles;
  auto sim=simulate_run(*board,*network,o);
  RunFit run; RegressionOptions ro;
  auto ok=fit_run(sim->latencies,sim->power,sim->network,sim->idle.average.value/1e6,ro,run);
  if(!ok){fmt::print("{}\n",ok.error().describe());return 1;}
  if(!run.fitted){fmt::print("not fitted\n");return 1;}
  const auto& b=*board; const auto& t=sim->truth;
  double gaps=run.layer_of_column.size()-1.0;
  SensorShape S; S.delay_us=-(b.logger.voltage_read_us+b.logger.current_read_us)-(b.host.first_callback_us+b.host.first_callback_spread_us);
  S.window_us=b.sensor.shunt_conversion_us*(1+b.sensor.clock_error); S.lowpass_us=b.physics.supply_tau_us; S.event_gap_us=1e3*t.event_gap_ms/gaps; S.timing_us=b.host.first_callback_spread_us;
  fmt::print("{} {} {}: L {} run {:.3f} ms period {:.3f} gap {:.3f} | truth eventgapW {:.2f} host {:.2f}W idle {:.3f} found {:.3f} tail {:.2f}W {:.0f}us onset {:.2f} {:.0f}us spin {:.2f} cb {:.2f} prep {:.2f} {:.0f}us jit {:.2f} gapjit {:.2f} sigma {:.3f} rho {:.2f} rows {} law {}\n",scen,seed,net,gaps+1,t.run_time_ms,run.timeline.typical_period_us,run.timeline.typical_gap_us,t.event_gap_energy_mj/t.event_gap_ms,t.host_gap_energy_mj/t.host_gap_ms,t.idle_run_w,run.baseline.mean_w,b.host.tail_w,b.host.tail_us,b.physics.onset_share,b.physics.onset_us,b.host.spin_w,b.host.callback_w,b.host.prepare_w,b.host.prepare_us,b.host.prepare_jitter,b.host.gap_jitter,run.noise.sigma_w,run.noise.rho,run.best.rows,to_string(b.physics.law));
  double ref=run.best.log_evidence;
  show("best",run,*sim,run.best,ref);
  auto sm=score(run,*sim,run.mixture.powers);
  fmt::print("mixture: g {:.3f} tau {:.1f} D {:.1f} w {:.1f} | >=50 {:.1f} all {:.1f} E {:+.2f} gapW {:.2f} hostW {:.2f}\n",run.shape.event_gap_us,run.shape.lowpass_us,run.shape.delay_us,run.shape.window_us,sm.l50,sm.all,sm.energy,sm.gapw,sm.hostw);
  for(auto&g:run.grid) if(g.weight>1e-3||detail){fmt::print("w {:.3f} ",g.weight);show("grid",run,*sim,g.fit,ref);}
  fmt::print("lead {:.1f} priorlead {:.1f} form {}\n",run.second_start_lead,run.prior_lead,to_string(run.best.prior.form));
  ShapeFreedom held{1e-3,1e-9,0,0};
  auto at=[&](SensorShape s,ShapeFreedom f,int steps){ return fit_point(run.problem,run.noise,s,f,s,run.best.prior.form,&run.best,steps);};
  show("at truth, held",run,*sim,at(S,held,3),ref);
  { ShapeFreedom f{300,0.03,40,0}; SensorShape s=S; show("true g, rest free",run,*sim,at(s,f,5),ref);}
  { ShapeFreedom f{300,0.03,40,0.7}; show("from truth, free",run,*sim,at(S,f,6),ref);}
  if(detail){ auto tf=at(S,held,3); SensorShape s=S;
    for(double g=0.2;g<5;g+=0.4){ s.event_gap_us=g; s.delay_us=S.delay_us; ShapeFreedom f{300,0.03,40,0}; show("profile g",run,*sim,at(s,f,4),ref);}
    for(size_t c=0;c<run.layer_of_column.size();++c){const auto& l=t.layers[run.layer_of_column[c]]; if(detail&&argc>6) fmt::print("{:>3} {:>6.1f}us true {:.2f} best {:.2f} mix {:.2f} sd {:.2f} attruth {:.2f} prior {:.2f} {}\n",c,l.run_time_ms*1e3,l.power_w,run.best.powers[c],run.mixture.powers[c],std::sqrt(run.mixture.covariance(c,c)),tf.powers[c],run.best.prior.mean[c],l.name.substr(0,50));}
    const auto& C=run.problem.columns; for(size_t b2=0;b2<C.steps;++b2) fmt::print("step {} {:.2f} / {:.2f}\n",b2,run.best.powers[C.first_step+b2],tf.powers[C.first_step+b2]);
  }
}
